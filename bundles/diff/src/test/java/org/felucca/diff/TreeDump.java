package org.felucca.diff;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.felucca.api.content.Digest;
import org.felucca.linux.Descriptor;
import org.felucca.linux.Dir;
import org.felucca.linux.DirEntry;
import org.felucca.linux.FileData;
import org.felucca.linux.FileStat;
import org.felucca.linux.FileType;
import org.felucca.linux.OpenFlags;

/** All that a layer carries of a tree, as text by path. */
final class TreeDump {
  private final SortedMap<String, String> lines = new TreeMap<>();
  private final Map<Long, String> inodes = new HashMap<>();
  private final boolean folderTimes;

  private TreeDump(boolean folderTimes) {
    this.folderTimes = folderTimes;
  }

  static SortedMap<String, String> of(Dir root, boolean folderTimes) {
    TreeDump dump = new TreeDump(folderTimes);
    dump.walk(root, "");
    return dump.lines;
  }

  static SortedMap<String, String> of(String folder) {
    try (Dir root = Dir.open(folder)) {
      return of(root, true);
    }
  }

  private void walk(Dir dir, String path) {
    for (DirEntry entry :
        dir.list().stream().sorted((a, b) -> a.name().compareTo(b.name())).toList()) {
      String name = path + entry.name();
      try (Descriptor file = dir.openPath(entry.name())) {
        FileStat stat = file.stat();
        StringBuilder line = new StringBuilder();
        line.append(stat.type()).append(' ').append(Integer.toOctalString(stat.permissions()));
        line.append(' ').append(stat.uid()).append(':').append(stat.gid());
        if (folderTimes || stat.type() != FileType.DIRECTORY) {
          line.append(' ')
              .append(stat.modified().seconds())
              .append('.')
              .append(stat.modified().nanos());
        }
        if (stat.type().isDevice()) {
          line.append(' ').append(stat.node());
        }
        LayerXattrs.get(file)
            .forEach(
                (key, value) ->
                    line.append(' ')
                        .append(key)
                        .append('=')
                        .append(HexFormat.of().formatHex(value)));
        if (stat.type() == FileType.SYMLINK) {
          line.append(" -> ").append(Dir.readlink(file));
        } else if (stat.type() == FileType.REGULAR) {
          line.append(' ').append(stat.size()).append(' ').append(hash(file, stat.size()));
        }
        if (stat.links() > 1 && stat.type() != FileType.DIRECTORY) {
          line.append(" = ").append(inodes.computeIfAbsent(stat.inode(), i -> name));
        }
        lines.put(name, line.toString());
        if (stat.type() == FileType.DIRECTORY) {
          try (Dir next = dir.enter(entry.name())) {
            walk(next, name + "/");
          }
        }
      }
    }
  }

  private static String hash(Descriptor file, long size) {
    if (size > 16 << 20) {
      return "large";
    }
    ByteBuffer buffer = ByteBuffer.allocate((int) size + 1);
    try (Descriptor open = file.reopen(OpenFlags.O_RDONLY)) {
      while (FileData.read(open, buffer) >= 0) {
        // to the end
      }
    }
    byte[] bytes = new byte[buffer.position()];
    buffer.flip().get(bytes);
    return Digest.sha256(bytes).shortHex();
  }
}
