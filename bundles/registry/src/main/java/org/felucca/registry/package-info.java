/**
 * Registries over HTTP (OCI distribution specification 1.1, and Docker's schema 2).
 *
 * <p>A call goes through three layers. {@link org.felucca.registry.DistributionClient} knows the
 * verbs. {@link org.felucca.registry.Wire} sends one request until it is answered: with the
 * credentials that the registry asks for, along redirects, again after what passes. {@link
 * org.felucca.registry.HttpClients} keeps one client of the JDK for each set of certificates. Which
 * machines stand for a registry, the hosts.toml files say.
 *
 * <p>Registries are strangers: every document of theirs has a limit, every wait an end, and
 * credentials go to the origin that they are for and to nobody else.
 */
@NullMarked
package org.felucca.registry;

import org.jspecify.annotations.NullMarked;
