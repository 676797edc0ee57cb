package org.felucca.api.container;

/**
 * Which part of a log is wanted.
 *
 * @param follow whether to go on until the container ends
 * @param tail only so many of the last lines; -1 for all
 * @param from the position to begin at; 0 for the beginning
 */
public record LogQuery(boolean follow, long tail, long from) {}
