package org.felucca.spec;

import java.util.List;
import org.felucca.oci.JsonObject;

/** Capabilities of a process (capabilities(7)). */
final class Capabilities {
  /** What Docker leaves to containers, and no more. */
  static final List<String> DEFAULT =
      List.of(
          "CAP_CHOWN",
          "CAP_DAC_OVERRIDE",
          "CAP_FSETID",
          "CAP_FOWNER",
          "CAP_MKNOD",
          "CAP_NET_RAW",
          "CAP_SETGID",
          "CAP_SETUID",
          "CAP_SETFCAP",
          "CAP_SETPCAP",
          "CAP_NET_BIND_SERVICE",
          "CAP_SYS_CHROOT",
          "CAP_KILL",
          "CAP_AUDIT_WRITE");

  private Capabilities() {}

  /**
   * The sets of a process.
   *
   * @param bounding what it may ever have
   * @param root whether it is root: anybody else has none until it runs a program that gives some,
   *     as execve(2) would do
   */
  static JsonObject json(List<String> bounding, boolean root) {
    List<String> held = root ? bounding : List.of();
    return JsonObject.create("capabilities")
        .put("bounding", bounding)
        .put("effective", held)
        .put("permitted", held)
        .put("inheritable", List.of())
        .put("ambient", List.of());
  }
}
