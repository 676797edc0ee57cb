package org.felucca.api.container;

/**
 * The size of a terminal, in characters.
 *
 * @param columns its width, at least 1
 * @param rows its height, at least 1
 */
public record TerminalSize(int columns, int rows) {}
