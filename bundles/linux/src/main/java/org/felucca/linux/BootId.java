package org.felucca.linux;

/**
 * What tells one boot of the machine from another: state that carries another boot's id is about
 * processes, sockets and mounts that are gone.
 */
public record BootId(String value) {
  public BootId {
    if (value.isBlank()) {
      throw new IllegalArgumentException("an empty boot id");
    }
  }

  /** The id of the running boot. */
  public static BootId current() {
    return new BootId(ProcFile.read("/proc/sys/kernel/random/boot_id").strip());
  }

  @Override
  public String toString() {
    return value;
  }
}
