package org.felucca.api.container;

import org.jspecify.annotations.Nullable;

/**
 * The fifos by which a client reaches a process; the client opens them itself, so nothing of the
 * engine stands between.
 *
 * @param stdin the fifo to write to, or null
 * @param stdout the fifo to read from, or null
 * @param stderr the fifo to read from, or null (always null with a terminal)
 * @param terminal whether the process has a terminal
 */
public record Attachment(
    @Nullable String stdin, @Nullable String stdout, @Nullable String stderr, boolean terminal) {}
