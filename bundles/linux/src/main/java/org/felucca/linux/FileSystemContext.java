package org.felucca.linux;

import com.sun.jna.LastErrorException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A file system that is being configured, parameter by parameter, by fsopen(2) and its kin. Unlike
 * the one page of mount(2) there is no limit on how many, only 255 bytes for each value. What the
 * kernel says of an error in its own words becomes part of the exception's message.
 */
final class FileSystemContext implements AutoCloseable {
  /** The longest value that fsconfig(2) takes. */
  static final int MAX_VALUE = 255;

  private static final int SET_FLAG = 0;
  private static final int SET_STRING = 1;
  private static final int CMD_CREATE = 6;
  private static final long CLOEXEC = 1;

  private final String type;
  private final Descriptor context;

  private FileSystemContext(String type, Descriptor context) {
    this.type = type;
    this.context = context;
  }

  static FileSystemContext open(String type) {
    byte[] bytes = FileNames.terminated(type);
    return new FileSystemContext(
        type,
        Descriptor.opened(
            Kernel.call("fsopen", type, () -> Libc.syscall(Libc.SYS_FSOPEN, bytes, CLOEXEC)), 0));
  }

  void flag(String key) {
    configure(SET_FLAG, key, null);
  }

  void string(String key, String value) {
    configure(SET_STRING, key, value);
  }

  /** Makes the file system and a mount of it with attributes of {@link MountAttributes}. */
  DetachedMount mount(long attributes) {
    configure(CMD_CREATE, null, null);
    return new DetachedMount(
        Descriptor.opened(
            context.call(
                "fsmount", type, fd -> Libc.syscall(Libc.SYS_FSMOUNT, fd, CLOEXEC, attributes, 0)),
            OpenFlags.O_PATH));
  }

  private void configure(
      int command,
      @org.jspecify.annotations.Nullable String key,
      @org.jspecify.annotations.Nullable String value) {
    byte[] keyBytes = key == null ? null : FileNames.terminated(key);
    byte[] valueBytes = value == null ? null : FileNames.terminated(value);
    int fd = context.pin();
    try {
      Libc.syscall(Libc.SYS_FSCONFIG, fd, command, keyBytes, valueBytes, 0);
    } catch (LastErrorException e) {
      String operand =
          key == null ? type + ", create" : type + ", " + key + (value == null ? "" : "=" + value);
      throw new LinuxException("fsconfig", operand, e.getErrorCode(), messages());
    } finally {
      context.unpin();
    }
  }

  /** The kernel's words on this file system so far; each read gives one, then ENODATA. */
  private String messages() {
    StringBuilder text = new StringBuilder();
    ByteBuffer buffer = ByteBuffer.allocate(1024);
    try {
      while (FileData.read(context, buffer.clear()) > 0) {
        String line =
            new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8).strip();
        text.append(text.isEmpty() ? "" : "; ").append(line.replaceFirst("^[ewi] ", ""));
      }
    } catch (LinuxException e) {
      if (!e.is(Errno.ENODATA)) {
        throw e;
      }
    }
    return text.toString();
  }

  @Override
  public void close() {
    context.close();
  }
}
