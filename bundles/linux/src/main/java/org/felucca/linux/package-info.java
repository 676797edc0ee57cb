/**
 * The kernel's calls that the Java library lacks, and the only code of Felucca that makes them.
 *
 * <p><b>Files.</b> {@link org.felucca.linux.Dir} is an open folder: paths below it are walked by
 * openat2(2) and can't leave it, everything else takes single names. {@link
 * org.felucca.linux.Descriptor} is any open file; {@link org.felucca.linux.FileData} reads, writes,
 * copies and syncs it, {@link org.felucca.linux.InodeAttributes} sets mode, owner and times, {@link
 * org.felucca.linux.Xattrs} its extended attributes, all of them also on O_PATH descriptors where
 * the kernel can. {@link org.felucca.linux.FileStat} is what statx(2) tells. {@link
 * org.felucca.linux.FileNames} carries names that are no UTF-8 through strings; {@link
 * org.felucca.linux.Trees} deletes folders with all that is below them.
 *
 * <p><b>Mounts.</b> {@link org.felucca.linux.Mounts} mounts and unmounts in the words of mount(8),
 * {@link org.felucca.linux.DetachedMount} in steps, {@link org.felucca.linux.PrivateMount} where
 * nobody else sees it, {@link org.felucca.linux.MountTable} tells what is mounted.
 *
 * <p><b>Errors.</b> Every failure is a {@link org.felucca.linux.LinuxException}, unchecked, with
 * the call, its operand and the symbolic error. Interrupted calls (EINTR) are made again.
 *
 * <p><b>Threads.</b> All types are safe for use by several threads. A native call holds the carrier
 * of a virtual thread until it returns: call from the platform threads of a small pool whatever may
 * wait for a disk, a lock or another process. What waits without holding a carrier says so.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.linux;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
