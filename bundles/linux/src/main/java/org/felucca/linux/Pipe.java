package org.felucca.linux;

/** A pipe: what is written to one end is read at the other. */
public record Pipe(Descriptor reader, Descriptor writer) implements AutoCloseable {
  /**
   * Makes a pipe.
   *
   * @param flags 0 or O_NONBLOCK, for both ends
   */
  public static Pipe open(int flags) {
    int[] ends = new int[2];
    Kernel.call("pipe2", "", () -> Libc.pipe2(ends, flags | OpenFlags.O_CLOEXEC));
    return new Pipe(Descriptor.opened(ends[0], 0), Descriptor.opened(ends[1], 0));
  }

  /** Closes both ends. */
  @Override
  public void close() {
    reader.close();
    writer.close();
  }
}
