package org.felucca.runtime.oci;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Holes through which containers got out of a runtime, by the versions that closed them. A
 * distribution may have closed one in an older version; its suffix is no proof, so it is only
 * mentioned.
 */
final class KnownHoles {
  private static final Pattern VERSION =
      Pattern.compile("^(\\w+) version v?(\\d+)\\.(\\d+)\\.(\\d+)(?:-rc\\.?(\\d+))?");

  /** A release that has no rc is newer than all of its rcs. */
  private static final int NO_RC = Integer.MAX_VALUE;

  /**
   * @param name of the hole
   * @param what what it lets containers do
   * @param fixed the first good version of each branch, ascending
   */
  private record Hole(String name, String what, List<Version> fixed) {}

  private record Version(int major, int minor, int patch, int rc) implements Comparable<Version> {
    @Override
    public int compareTo(Version other) {
      int order = Integer.compare(major, other.major);
      order = order != 0 ? order : Integer.compare(minor, other.minor);
      order = order != 0 ? order : Integer.compare(patch, other.patch);
      return order != 0 ? order : Integer.compare(rc, other.rc);
    }

    boolean sameBranch(Version other) {
      return major == other.major && minor == other.minor;
    }
  }

  private static final List<Hole> RUNC =
      List.of(
          new Hole(
              "CVE-2024-21626",
              "a leaked descriptor as working folder leads to the host's files",
              List.of(new Version(1, 1, 12, NO_RC))),
          new Hole(
              "CVE-2025-31133, CVE-2025-52565, CVE-2025-52881",
              "races on masked paths and mounts make the host's /proc writable",
              List.of(
                  new Version(1, 2, 8, NO_RC),
                  new Version(1, 3, 3, NO_RC),
                  new Version(1, 4, 0, 3))));

  private KnownHoles() {}

  /**
   * The holes of a version.
   *
   * @param versionLine the first line of what {@code --version} says
   * @return one line each; empty for runtimes of which nothing is known
   */
  static List<String> of(String versionLine) {
    Matcher matcher = VERSION.matcher(versionLine);
    if (!matcher.find() || !matcher.group(1).equals("runc")) {
      return List.of();
    }
    Version version =
        new Version(
            Integer.parseInt(matcher.group(2)),
            Integer.parseInt(matcher.group(3)),
            Integer.parseInt(matcher.group(4)),
            matcher.group(5) == null ? NO_RC : Integer.parseInt(matcher.group(5)));
    List<String> open = new ArrayList<>();
    for (Hole hole : RUNC) {
      if (!closed(hole, version)) {
        open.add(hole.name + ": " + hole.what);
      }
    }
    return open;
  }

  private static boolean closed(Hole hole, Version version) {
    for (Version fixed : hole.fixed) {
      if (fixed.sameBranch(version)) {
        return version.compareTo(fixed) >= 0;
      }
    }
    return version.compareTo(hole.fixed.getLast()) > 0;
  }
}
