/**
 * Tests with a whole engine, real shims and runtimes, and real clients. {@link
 * org.felucca.clients.OtherDebian} has clients and daemons of other generations than the machine's.
 */
@NullMarked
package org.felucca.clients;

import org.jspecify.annotations.NullMarked;
