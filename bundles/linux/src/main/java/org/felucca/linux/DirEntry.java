package org.felucca.linux;

/**
 * One name in a folder.
 *
 * @param name the last component, never {@code .} or {@code ..}
 * @param type as the file system tells it, perhaps {@link FileType#UNKNOWN}; it may have changed
 *     since
 */
public record DirEntry(String name, FileType type, long inode) {}
