package org.felucca.linux;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.nio.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * The C library, mapped directly. Only thin wrappers of system calls may declare
 * LastErrorException: JNA clears errno before the call and throws if it is set afterwards, and only
 * a plain system call leaves it alone on success. What has no wrapper in the oldest C library that
 * is supported (glibc 2.36) goes by its number through syscall(2); those numbers, from 424 on, are
 * the same on every processor. Variable arguments are passed like fixed ones on x86_64 and aarch64.
 */
final class Libc {
  static final int AT_FDCWD = -100;
  static final int AT_SYMLINK_NOFOLLOW = 0x100;
  static final int AT_REMOVEDIR = 0x200;
  static final int AT_SYMLINK_FOLLOW = 0x400;
  static final int AT_EMPTY_PATH = 0x1000;
  static final int AT_RECURSIVE = 0x8000;

  static final long SYS_PIDFD_SEND_SIGNAL = 424;
  static final long SYS_OPEN_TREE = 428;
  static final long SYS_MOVE_MOUNT = 429;
  static final long SYS_FSOPEN = 430;
  static final long SYS_FSCONFIG = 431;
  static final long SYS_FSMOUNT = 432;
  static final long SYS_PIDFD_OPEN = 434;
  static final long SYS_OPENAT2 = 437;
  static final long SYS_MOUNT_SETATTR = 442;

  static {
    // JNA keeps the options of a registered class under a weak key to which their value refers, so
    // the
    // class would never go: the value is taken out. (Opened by its class, the library would hold it
    // too.)
    // What remains are JNA's references to the methods: each refresh of this bundle leaves its few
    // old
    // classes behind, as they could only be unregistered when no thread is in a call any more.
    Native.register(Libc.class, NativeLibrary.getInstance("c"));
    Native.getLibraryOptions(Libc.class).values().removeIf(Libc.class::equals);
  }

  private Libc() {}

  static native long syscall(long number, long a, long b, long c, long d) throws LastErrorException;

  static native long syscall(long number, int fd, byte[] path, long[] how, long size)
      throws LastErrorException;

  static native long syscall(long number, int fd, byte[] path, long flags)
      throws LastErrorException;

  static native long syscall(
      long number, int from, byte[] fromPath, int to, byte[] toPath, long flags)
      throws LastErrorException;

  static native long syscall(long number, byte[] name, long flags) throws LastErrorException;

  static native long syscall(
      long number, int fd, int command, byte @Nullable [] key, byte @Nullable [] value, int aux)
      throws LastErrorException;

  static native long syscall(
      long number, int fd, byte[] path, long flags, long[] attributes, long size)
      throws LastErrorException;

  static native int getpagesize();

  static native int openat(int dirfd, byte[] path, int flags, int mode) throws LastErrorException;

  static native int close(int fd) throws LastErrorException;

  static native int fcntl(int fd, int command, int argument) throws LastErrorException;

  static native int ioctl(int fd, long request, long argument) throws LastErrorException;

  static native int ioctl(int fd, long request, byte[] argument) throws LastErrorException;

  static native int mkdirat(int dirfd, byte[] name, int mode) throws LastErrorException;

  static native int mknodat(int dirfd, byte[] name, int mode, long device)
      throws LastErrorException;

  static native int symlinkat(byte[] target, int dirfd, byte[] name) throws LastErrorException;

  static native int linkat(int from, byte[] fromPath, int to, byte[] toPath, int flags)
      throws LastErrorException;

  static native int unlinkat(int dirfd, byte[] name, int flags) throws LastErrorException;

  static native int renameat2(int from, byte[] fromName, int to, byte[] toName, int flags)
      throws LastErrorException;

  static native long readlinkat(int dirfd, byte[] name, byte[] target, long size)
      throws LastErrorException;

  static native int statx(int dirfd, byte[] path, int flags, int mask, long[] statx)
      throws LastErrorException;

  static native int fchmod(int fd, int mode) throws LastErrorException;

  static native int fchmodat(int dirfd, byte[] path, int mode, int flags) throws LastErrorException;

  static native int fchownat(int dirfd, byte[] path, int uid, int gid, int flags)
      throws LastErrorException;

  static native int utimensat(int dirfd, byte[] path, long[] times, int flags)
      throws LastErrorException;

  static native int setxattr(byte[] path, byte[] name, byte[] value, long size, int flags)
      throws LastErrorException;

  static native int lsetxattr(byte[] path, byte[] name, byte[] value, long size, int flags)
      throws LastErrorException;

  static native long getxattr(byte[] path, byte[] name, byte[] value, long size)
      throws LastErrorException;

  static native long lgetxattr(byte[] path, byte[] name, byte[] value, long size)
      throws LastErrorException;

  static native long listxattr(byte[] path, byte[] list, long size) throws LastErrorException;

  static native long llistxattr(byte[] path, byte[] list, long size) throws LastErrorException;

  static native int removexattr(byte[] path, byte[] name) throws LastErrorException;

  static native int lremovexattr(byte[] path, byte[] name) throws LastErrorException;

  static native long getdents64(int fd, byte[] entries, long size) throws LastErrorException;

  static native long read(int fd, Buffer buffer, long count) throws LastErrorException;

  static native long write(int fd, Buffer buffer, long count) throws LastErrorException;

  static native long read(int fd, long[] value, long count) throws LastErrorException;

  static native long write(int fd, long[] value, long count) throws LastErrorException;

  static native long pread(int fd, Buffer buffer, long count, long offset)
      throws LastErrorException;

  static native long pwrite(int fd, Buffer buffer, long count, long offset)
      throws LastErrorException;

  static native int ftruncate(int fd, long length) throws LastErrorException;

  static native int fallocate(int fd, int mode, long offset, long length) throws LastErrorException;

  static native long lseek(int fd, long offset, int whence) throws LastErrorException;

  static native long copy_file_range(
      int in, long[] inOffset, int out, long[] outOffset, long length, int flags)
      throws LastErrorException;

  static native int fsync(int fd) throws LastErrorException;

  static native int fdatasync(int fd) throws LastErrorException;

  static native int syncfs(int fd) throws LastErrorException;

  static native int sync_file_range(int fd, long offset, long length, int flags)
      throws LastErrorException;

  static native int mount(
      byte[] source, byte[] target, byte @Nullable [] type, long flags, byte @Nullable [] data)
      throws LastErrorException;

  static native int umount2(byte[] target, int flags) throws LastErrorException;

  static native int unshare(int flags) throws LastErrorException;

  static native int chdir(byte[] path) throws LastErrorException;

  static native int fstatfs(int fd, long[] statfs) throws LastErrorException;

  static native int pipe2(int[] ends, int flags) throws LastErrorException;

  static native int eventfd(int initial, int flags) throws LastErrorException;

  static native int epoll_create1(int flags) throws LastErrorException;

  static native int epoll_ctl(int epoll, int operation, int fd, byte @Nullable [] event)
      throws LastErrorException;

  static native int epoll_wait(int epoll, Buffer events, int count, int milliseconds)
      throws LastErrorException;

  static native int poll(int[] descriptors, long count, int milliseconds) throws LastErrorException;

  static native int kill(int pid, int signal) throws LastErrorException;

  static native int waitpid(int pid, int[] status, int options) throws LastErrorException;

  // posix_spawn and its setters return the error number and say nothing about errno.

  static native int posix_spawn(
      int[] pid,
      byte[] path,
      Pointer actions,
      Pointer attributes,
      Pointer arguments,
      Pointer environment);

  static native int posix_spawn_file_actions_init(Pointer actions);

  static native int posix_spawn_file_actions_destroy(Pointer actions);

  static native int posix_spawn_file_actions_adddup2(Pointer actions, int fd, int newFd);

  static native int posix_spawn_file_actions_addchdir_np(Pointer actions, byte[] path);

  static native int posix_spawn_file_actions_addclosefrom_np(Pointer actions, int from);

  static native int posix_spawnattr_init(Pointer attributes);

  static native int posix_spawnattr_destroy(Pointer attributes);

  static native int posix_spawnattr_setflags(Pointer attributes, short flags);

  static native int posix_spawnattr_setsigmask(Pointer attributes, Pointer set);

  static native int posix_spawnattr_setsigdefault(Pointer attributes, Pointer set);

  static native int sigemptyset(Pointer set);

  static native int sigfillset(Pointer set);
}
