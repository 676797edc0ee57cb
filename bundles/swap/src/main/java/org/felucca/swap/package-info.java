/**
 * Swapping a part that is in use.
 *
 * <p>An entrance (a wire API, the shell, the engine's look-up of plug-ins) never holds a service.
 * For each call it makes a <i>use</i> of a {@link org.felucca.swap.Swap}: the use waits, bounded,
 * while no <i>provider</i> is there, counts itself in and runs. When a provider is about to go,
 * nobody new is let in, those inside are given a moment to finish and are then cancelled, and only
 * after that the framework goes on to take the provider down. So a plain {@code bundle:update} is
 * safe at any moment.
 */
@Export
@Version("1.1.0")
@NullMarked
package org.felucca.swap;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
