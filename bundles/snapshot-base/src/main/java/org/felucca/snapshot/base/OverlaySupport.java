package org.felucca.snapshot.base;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.felucca.linux.Descriptor;
import org.felucca.linux.DeviceNumber;
import org.felucca.linux.Dir;
import org.felucca.linux.DirEntry;
import org.felucca.linux.FileStat;
import org.felucca.linux.FileType;
import org.felucca.linux.LinuxException;
import org.felucca.linux.OpenFlags;
import org.felucca.linux.PrivateMount;
import org.felucca.linux.Trees;
import org.felucca.linux.Xattrs;

/**
 * Whether overlayfs works on a folder, found out by using it: a file that is deleted in the merged
 * tree must leave a whiteout, a folder that is made anew must become opaque.
 *
 * @param options what every overlay mount is given on this kernel
 * @param refusal why overlayfs can't be used, or empty
 */
public record OverlaySupport(List<String> options, String refusal) {
  private static final String CHECK = ".check";

  /** Copies the options. */
  public OverlaySupport {
    options = List.copyOf(options);
  }

  /** Tries it out in the folder of a snapshotter. */
  public static OverlaySupport of(SnapshotFolders folders) {
    String path = folders.path().toString();
    if (path.chars().anyMatch(c -> c == ',' || c == ':' || c == '\\')) {
      return new OverlaySupport(
          List.of(), "mount options give ',', ':' and '\\' in its path a meaning");
    }
    List<String> options = new ArrayList<>();
    // Without it a lower folder can't be shared by overlays that are mounted at the same time.
    if (Files.exists(Path.of("/sys/module/overlay/parameters/index"))) {
      options.add("index=off");
    }
    boolean userNamespace = inUserNamespace();
    if (userNamespace) {
      options.add("userxattr");
    }
    return new OverlaySupport(options, attempt(folders, options, userNamespace));
  }

  private static String attempt(
      SnapshotFolders folders, List<String> options, boolean userNamespace) {
    try {
      Trees.delete(folders.folder(), CHECK);
      folders.folder().mkdir(CHECK, 0700);
      try (Dir dir = folders.folder().enter(CHECK)) {
        return attempt(dir, folders.path() + "/" + CHECK, options, userNamespace);
      } finally {
        Trees.delete(folders.folder(), CHECK);
      }
    } catch (LinuxException e) {
      if (Failures.isPassing(e)) {
        throw e;
      }
      return e.getMessage() == null ? e.call() : e.getMessage();
    }
  }

  private static String attempt(Dir dir, String path, List<String> common, boolean userNamespace) {
    for (String name : List.of("lower", "upper", "work")) {
      dir.mkdir(name, 0700);
    }
    try (Dir lower = dir.enter("lower")) {
      lower.mkdir("folder", 0700);
      lower.mknod("file", FileType.REGULAR, 0600, DeviceNumber.NONE);
    }
    for (DirEntry entry : dir.list()) {
      if (entry.type() == FileType.UNKNOWN) {
        return "the file system does not tell the types of files in listings (d_type); xfs needs ftype=1";
      }
    }
    List<String> options = new ArrayList<>(common);
    options.add("workdir=" + path + "/work");
    options.add("upperdir=" + path + "/upper");
    options.add("lowerdir=" + path + "/lower");
    try (PrivateMount mount =
        PrivateMount.of(List.of(new PrivateMount.Part("overlay", "overlay", "", options)))) {
      mount.root().unlink("file");
      mount.root().rmdir("folder");
      mount.root().mkdir("folder", 0700);
    }
    try (Dir upper = dir.enter("upper");
        Descriptor folder = upper.openName("folder", OpenFlags.O_RDONLY, 0)) {
      Optional<FileStat> whiteout = upper.statIfExists("file");
      if (whiteout.isEmpty() || whiteout.get().type() != FileType.CHARACTER_DEVICE) {
        return "the file system can't hold whiteouts";
      }
      String opaque = (userNamespace ? "user" : "trusted") + ".overlay.opaque";
      Optional<byte[]> value = Xattrs.get(folder, opaque);
      if (value.isEmpty() || !new String(value.get(), StandardCharsets.US_ASCII).equals("y")) {
        return "the file system can't hold extended attributes (" + opaque + ")";
      }
    }
    return "";
  }

  private static boolean inUserNamespace() {
    try {
      String map = Files.readString(Path.of("/proc/self/uid_map")).strip().replaceAll(" +", " ");
      return !map.equals("0 0 4294967295");
    } catch (IOException e) {
      return false;
    }
  }
}
