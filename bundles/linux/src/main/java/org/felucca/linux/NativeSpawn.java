package org.felucca.linux;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.List;

/**
 * posix_spawn(3), which the C library does with vfork and so at a cost that does not depend on the
 * size of this process. The child leads a session and a process group of its own, has all signals
 * at their defaults and unblocked, and has no descriptors but its standard streams.
 */
final class NativeSpawn {
  private static final short SETSIGDEF = 0x04;
  private static final short SETSIGMASK = 0x08;
  private static final short SETSID = 0x80;
  // More than glibc's structures take on either processor: 80, 336 and 128 bytes.
  private static final int ACTIONS_SIZE = 256;
  private static final int ATTRIBUTES_SIZE = 512;
  private static final int SIGSET_SIZE = 256;

  private NativeSpawn() {}

  /**
   * Starts a program; holds the thread until the kernel has loaded it, a millisecond or so.
   *
   * @return its pid; the caller has to wait for it
   */
  static int start(SpawnRequest request, Descriptor input, Descriptor output, Descriptor error) {
    String program = request.command().getFirst();
    byte[] path = FileNames.terminated(program);
    int[] pid = new int[1];
    List<String> environment = new ArrayList<>();
    request.environment().forEach((key, value) -> environment.add(key + "=" + value));
    int in = input.pin();
    int out = output.pin();
    int err = error.pin();
    try (Memory actions = new Memory(ACTIONS_SIZE);
        Memory attributes = new Memory(ATTRIBUTES_SIZE);
        Memory signals = new Memory(SIGSET_SIZE);
        Memory arguments = strings(request.command());
        Memory variables = strings(environment)) {
      check(program, Libc.posix_spawn_file_actions_init(actions));
      check(program, Libc.posix_spawnattr_init(attributes));
      try {
        check(program, Libc.posix_spawn_file_actions_adddup2(actions, in, 0));
        check(program, Libc.posix_spawn_file_actions_adddup2(actions, out, 1));
        check(program, Libc.posix_spawn_file_actions_adddup2(actions, err, 2));
        check(program, Libc.posix_spawn_file_actions_addclosefrom_np(actions, 3));
        byte[] folder = FileNames.terminated(request.folder());
        check(program, Libc.posix_spawn_file_actions_addchdir_np(actions, folder));
        Libc.sigemptyset(signals);
        check(program, Libc.posix_spawnattr_setsigmask(attributes, signals));
        Libc.sigfillset(signals);
        check(program, Libc.posix_spawnattr_setsigdefault(attributes, signals));
        short flags = SETSIGDEF | SETSIGMASK | SETSID;
        check(program, Libc.posix_spawnattr_setflags(attributes, flags));
        int error0 = Libc.posix_spawn(pid, path, actions, attributes, arguments, variables);
        if (error0 != 0) {
          throw new LinuxException("posix_spawn", program, error0, reason(request));
        }
      } finally {
        Libc.posix_spawn_file_actions_destroy(actions);
        Libc.posix_spawnattr_destroy(attributes);
      }
    } finally {
      input.unpin();
      output.unpin();
      error.unpin();
    }
    return pid[0];
  }

  /** The kernel's number does not tell the program from its folder; this looks. */
  private static String reason(SpawnRequest request) {
    for (String path : List.of(request.folder(), request.command().getFirst())) {
      try {
        Descriptor.open(path, OpenFlags.O_PATH, 0).close();
      } catch (LinuxException e) {
        return String.valueOf(e.getMessage());
      }
    }
    return "both the program and its working folder " + request.folder() + " are there";
  }

  private static void check(String program, int error) {
    if (error != 0) {
      throw new LinuxException("posix_spawn", program, error, "preparing it");
    }
  }

  /** A char*[] that a null ends, and behind it the strings. */
  private static Memory strings(List<String> values) {
    List<byte[]> encoded = values.stream().map(FileNames::terminated).toList();
    long pointers = (values.size() + 1L) * 8;
    Memory memory = new Memory(pointers + encoded.stream().mapToLong(bytes -> bytes.length).sum());
    long offset = pointers;
    for (int i = 0; i < encoded.size(); i++) {
      byte[] bytes = encoded.get(i);
      memory.setPointer(i * 8L, memory.share(offset));
      memory.write(offset, bytes, 0, bytes.length);
      offset += bytes.length;
    }
    memory.setPointer(encoded.size() * 8L, Pointer.NULL);
    return memory;
  }
}
