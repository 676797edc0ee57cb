/**
 * One connection of the native client: its streams, its terminal, and the command or the
 * interactive shell that it wants.
 */
@NullMarked
package org.felucca.shell.session;

import org.jspecify.annotations.NullMarked;
