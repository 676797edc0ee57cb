package org.felucca.api.gc;

/**
 * What the next collection takes.
 *
 * @param bytes how much of the disk that frees; 0 for what others have too, and for what was not
 *     counted
 */
public record Garbage(Thing thing, long bytes) {}
