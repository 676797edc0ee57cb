/** The frames of the shell protocol, as docs/shell-protocol.md has them. */
@NullMarked
package org.felucca.shell.wire;

import org.jspecify.annotations.NullMarked;
