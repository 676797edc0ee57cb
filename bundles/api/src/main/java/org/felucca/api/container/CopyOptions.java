package org.felucca.api.container;

/**
 * How files are copied.
 *
 * @param keepOwner whether the files keep the numbers of their owners; else they go to root within
 *     a container, and to the engine's user on this machine
 * @param followLink whether a symbolic link that is named as the source stands for what it names
 */
public record CopyOptions(boolean keepOwner, boolean followLink) {}
