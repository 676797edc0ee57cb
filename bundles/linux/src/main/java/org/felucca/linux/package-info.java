/**
 * The kernel's calls that the Java library lacks, and the only code of Felucca that makes them.
 *
 * <p><b>Files.</b> {@link org.felucca.linux.Dir} is an open folder: paths below it are walked by
 * openat2(2) under {@link org.felucca.linux.Resolve} and can't leave it, everything else takes
 * single names. {@link org.felucca.linux.Descriptor} is any open file, opened by {@link
 * org.felucca.linux.OpenFlags}; {@link org.felucca.linux.FileData} reads, writes, copies and syncs
 * it, {@link org.felucca.linux.InodeAttributes} sets mode, owner and times, {@link
 * org.felucca.linux.Xattrs} its extended attributes, all of them also on O_PATH descriptors where
 * the kernel can. {@link org.felucca.linux.FileStat} is what statx(2) tells, in {@link
 * org.felucca.linux.FileType}, {@link org.felucca.linux.Timestamp} and {@link
 * org.felucca.linux.DeviceNumber}. {@link org.felucca.linux.FileNames} carries names that are no
 * UTF-8 through strings; {@link org.felucca.linux.Trees} deletes folders with all that is below
 * them, {@link org.felucca.linux.TreeCopy} copies them, {@link org.felucca.linux.DiskUsage} adds
 * them up, {@link org.felucca.linux.FileSystemInfo} is statfs(2), {@link
 * org.felucca.linux.Subvolumes} are those of btrfs, {@link org.felucca.linux.FsVerity} seals files.
 *
 * <p><b>Mounts.</b> {@link org.felucca.linux.Mounts} mounts and unmounts in the words of mount(8),
 * {@link org.felucca.linux.DetachedMount} in steps, with {@link org.felucca.linux.MountAttributes};
 * {@link org.felucca.linux.PrivateMount} is one that nobody else sees; {@link
 * org.felucca.linux.LoopDevice} makes a device of a file; {@link org.felucca.linux.MountTable}
 * tells what is mounted.
 *
 * <p><b>Waiting.</b> {@link org.felucca.linux.Epoll} is one thread that waits for any number of
 * fifos ({@link org.felucca.linux.Fifos}), pipes ({@link org.felucca.linux.Pipe}), processes
 * ({@link org.felucca.linux.PidFd}) and counters ({@link org.felucca.linux.EventFd}); {@link
 * org.felucca.linux.Poll} waits for one and holds its thread.
 *
 * <p><b>Processes.</b> {@link org.felucca.linux.ProcessId} is a pid that no later process can be
 * taken for, within one {@link org.felucca.linux.BootId}; {@link org.felucca.linux.Signal} has the
 * names; {@link org.felucca.linux.Spawner} runs a program ({@link org.felucca.linux.SpawnRequest})
 * to its end ({@link org.felucca.linux.SpawnResult}); {@link org.felucca.linux.Cgroups} finds and
 * removes control groups, {@link org.felucca.linux.HostGroups} looks groups of users up.
 *
 * <p><b>Errors.</b> Every failure is a {@link org.felucca.linux.LinuxException}, unchecked, with
 * the call, its operand and the symbolic error ({@link org.felucca.linux.Errno}). Interrupted calls
 * (EINTR) are made again.
 *
 * <p><b>Threads.</b> All types are safe for use by several threads. A native call holds the carrier
 * of a virtual thread until it returns: call from the platform threads of a small pool whatever may
 * wait for a disk, a lock or another process. What waits without holding a carrier says so.
 *
 * <p><b>Cost.</b> JNA's direct mapping adds 0.06 microseconds to a call, 0.3 with the error number
 * (interface mapping: 0.5); this package's own layers add less than 0.1. In processor time of a
 * busy two core machine: seek 0.4, stat 0.8, open and close 2.5, write of 4 KiB 1.7, an error that
 * becomes an exception 10. A program is spawned and waited for in 0.9 ms where
 * java.lang.ProcessBuilder takes 1.4.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.linux;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
