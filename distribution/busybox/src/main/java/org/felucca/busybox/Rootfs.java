package org.felucca.busybox;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/** The files of the image, as one tar: everything of root's, all of one time, sorted by name. */
final class Rootfs {
  /** 2026-01-01T00:00:00Z. */
  static final long TIME_SECONDS = 1_767_225_600L;

  private static final String PASSWD =
      """
      root:x:0:0:root:/root:/bin/sh
      daemon:x:1:1:daemon:/usr/sbin:/bin/false
      www-data:x:33:33:www-data:/var/www:/bin/false
      nobody:x:65534:65534:nobody:/nonexistent:/bin/false
      """;

  private static final String GROUP =
      """
      root:x:0:
      daemon:x:1:
      tty:x:5:
      disk:x:6:
      www-data:x:33:
      users:x:100:
      nogroup:x:65534:
      """;

  private sealed interface Entry {}

  private record Folder(int mode) implements Entry {}

  private record File(int mode, byte[] content) implements Entry {}

  private record Link(String target) implements Entry {}

  private final Map<String, Entry> entries = new TreeMap<>();

  /**
   * @param busybox the program
   * @param applets paths below the root at which it is linked
   */
  Rootfs(byte[] busybox, List<String> applets) {
    for (String folder :
        List.of("dev", "etc", "home", "proc", "run", "sys", "usr", "var", "var/www")) {
      entries.put(folder, new Folder(0755));
    }
    entries.put("root", new Folder(0700));
    entries.put("tmp", new Folder(01777));
    entries.put("var/tmp", new Folder(01777));
    entries.put("etc/passwd", new File(0644, PASSWD.getBytes(StandardCharsets.UTF_8)));
    entries.put("etc/group", new File(0644, GROUP.getBytes(StandardCharsets.UTF_8)));
    for (String applet : applets) {
      addParents(applet);
      entries.put(applet, new Link("/bin/busybox"));
    }
    addParents("bin/busybox");
    entries.put("bin/busybox", new File(0755, busybox));
  }

  private void addParents(String path) {
    for (int slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      entries.putIfAbsent(path.substring(0, slash), new Folder(0755));
    }
  }

  /** The uncompressed layer. */
  byte[] layer() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar =
        new TarArchiveOutputStream(bytes, StandardCharsets.UTF_8.name())) {
      for (Map.Entry<String, Entry> entry : entries.entrySet()) {
        write(tar, entry.getKey(), entry.getValue());
      }
    }
    return bytes.toByteArray();
  }

  private static void write(TarArchiveOutputStream tar, String name, Entry entry)
      throws IOException {
    TarArchiveEntry header;
    byte[] content = {};
    switch (entry) {
      case Folder(int mode) -> {
        header = new TarArchiveEntry(name + "/", TarConstants.LF_DIR);
        header.setMode(mode);
      }
      case File(int mode, byte[] bytes) -> {
        header = new TarArchiveEntry(name, TarConstants.LF_NORMAL);
        header.setMode(mode);
        header.setSize(bytes.length);
        content = bytes;
      }
      case Link(String target) -> {
        header = new TarArchiveEntry(name, TarConstants.LF_SYMLINK);
        header.setMode(0777);
        header.setLinkName(target);
      }
    }
    header.setModTime(TIME_SECONDS * 1000);
    header.setIds(0, 0);
    header.setNames("root", "root");
    tar.putArchiveEntry(header);
    tar.write(content);
    tar.closeArchiveEntry();
  }
}
