/**
 * The shell: what people type, and how it reaches the engine. {@link org.felucca.shell.ShellServer}
 * takes the connections of the native client; each becomes a session (package {@code session}) that
 * speaks the shell protocol (package {@code wire}) and runs a verb (package {@code verb}), which
 * shows what it found by {@code view}.
 */
@NullMarked
package org.felucca.shell;

import org.jspecify.annotations.NullMarked;
