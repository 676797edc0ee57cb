/** Tests with a whole engine, real shims and runtimes, and real clients. */
@NullMarked
package org.felucca.clients;

import org.jspecify.annotations.NullMarked;
