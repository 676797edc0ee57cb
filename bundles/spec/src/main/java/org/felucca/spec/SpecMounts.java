package org.felucca.spec;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.CreateOptions;
import org.felucca.api.container.MountOption;
import org.felucca.api.container.NamespaceMode;
import org.felucca.oci.JsonObject;
import org.jspecify.annotations.Nullable;

/** The mounts of a container: the kernel's file systems, the engine's files, the user's folders. */
final class SpecMounts {
  private static final Set<String> PROPAGATION =
      Set.of("private", "rprivate", "shared", "rshared", "slave", "rslave");
  private static final Set<String> OPTIONS =
      Set.of(
          "bind",
          "rbind",
          "ro",
          "rw",
          "suid",
          "nosuid",
          "dev",
          "nodev",
          "exec",
          "noexec",
          "atime",
          "noatime",
          "relatime",
          "norelatime",
          "diratime",
          "nodiratime",
          "strictatime");

  /** Of what is the kernel's own. */
  private static final List<String> KERNEL = List.of("nosuid", "noexec", "nodev");

  private SpecMounts() {}

  /**
   * All mounts, parents before what lies below them.
   *
   * @throws EngineException INVALID_ARGUMENT for a mount that makes no sense
   */
  static List<JsonObject> all(CreateOptions options, List<MountOption.Bind> engine) {
    List<JsonObject> mounts = new ArrayList<>(kernel(options));
    Set<String> taken = new LinkedHashSet<>();
    List<JsonObject> binds = new ArrayList<>();
    for (MountOption option : options.storage().mounts()) {
      JsonObject mount = mount(option);
      if (!taken.add(mount.requiredString("destination"))) {
        throw EngineException.invalid(
            "--volume, --mount or --tmpfs: two mounts have the destination %s; give each folder of the container once"
                .formatted(Identifiers.quote(option.destination())));
      }
      binds.add(mount);
    }
    for (MountOption.Bind option : engine) {
      JsonObject mount = bind(option);
      // What the user puts there goes first, /etc/hosts for one.
      if (taken.add(mount.requiredString("destination"))) {
        binds.add(mount);
      }
    }
    mounts.removeIf(mount -> taken.contains(mount.requiredString("destination")));
    binds.sort(Comparator.comparingLong(SpecMounts::depth));
    mounts.addAll(binds);
    return mounts;
  }

  /**
   * How the root has to pass mounts on, so that the mounts of a user can: what is made private once
   * can't be made shared again. Null if nobody wants it.
   */
  static @Nullable String rootPropagation(CreateOptions options) {
    Set<String> words = new LinkedHashSet<>();
    for (MountOption mount : options.storage().mounts()) {
      if (mount instanceof MountOption.Bind bind) {
        words.addAll(bind.options());
      }
    }
    if (words.contains("shared") || words.contains("rshared")) {
      return "shared";
    }
    return words.contains("slave") || words.contains("rslave") ? "rslave" : null;
  }

  private static List<JsonObject> kernel(CreateOptions options) {
    String writable = options.security().privileged() ? "rw" : "ro";
    Long shm = options.storage().shmSize();
    if (shm != null && shm <= 0) {
      throw EngineException.invalid("--shm-size must be more than 0; 64m is usual");
    }
    List<JsonObject> mounts =
        new ArrayList<>(
            List.of(
                mount("/proc", "proc", "nosuid", "noexec", "nodev"),
                mount("/dev", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
                mount(
                    "/dev/pts",
                    "devpts",
                    "nosuid",
                    "noexec",
                    "newinstance",
                    "ptmxmode=0666",
                    "mode=0620",
                    "gid=5"),
                mount("/sys", "sysfs", "nosuid", "noexec", "nodev", writable),
                mount(
                    "/sys/fs/cgroup",
                    "cgroup",
                    "nosuid",
                    "noexec",
                    "nodev",
                    "relatime",
                    writable)));
    // Its queues are those of the IPC namespace, whosever that is.
    mounts.add(mount("/dev/mqueue", "mqueue", "nosuid", "noexec", "nodev"));
    if (options.namespaces().ipc().kind() == NamespaceMode.Kind.HOST) {
      if (shm != null) {
        throw EngineException.invalid(
            "--shm-size does not go with --ipc host, which shows the machine's /dev/shm; leave one of the two out");
      }
      mounts.add(bind(new MountOption.Bind(Path.of("/dev/shm"), "/dev/shm", false, KERNEL)));
    } else {
      mounts.add(
          mount(
              "/dev/shm",
              "tmpfs",
              "nosuid",
              "noexec",
              "nodev",
              "mode=1777",
              "size=" + (shm == null ? "65536k" : shm.toString())));
    }
    return mounts;
  }

  private static JsonObject mount(String destination, String type, String... options) {
    return JsonObject.create("mount")
        .put("destination", destination)
        .put("type", type)
        .put("source", type.equals("tmpfs") && destination.equals("/dev/shm") ? "shm" : type)
        .put("options", List.of(options));
  }

  private static JsonObject mount(MountOption option) {
    return switch (option) {
      case MountOption.Bind bind -> bind(bind);
      case MountOption.Tmpfs tmpfs -> tmpfs(tmpfs);
      case MountOption.Volume volume ->
          // Its folder is known when it is made; until then only the rest is checked.
          bind(
              new MountOption.Bind(
                  Path.of("/"), volume.destination(), volume.readOnly(), volume.options()));
    };
  }

  private static JsonObject tmpfs(MountOption.Tmpfs option) {
    String destination = destination(option);
    List<String> options = new ArrayList<>(List.of("nosuid", "nodev", "noexec"));
    for (String word : option.options()) {
      if (!OPTIONS.contains(word) || word.endsWith("bind")) {
        throw unknown(word, option);
      }
      String opposite = word.startsWith("no") ? word.substring(2) : "no" + word;
      options.removeIf(known -> known.equals(opposite) || known.equals(word));
      options.add(word);
    }
    options.add("mode=" + Integer.toOctalString(option.mode() == null ? 01777 : option.mode()));
    if (option.size() != null) {
      options.add("size=" + option.size());
    }
    return JsonObject.create("mount")
        .put("destination", destination)
        .put("type", "tmpfs")
        .put("source", "tmpfs")
        .put("options", options);
  }

  private static EngineException unknown(String word, MountOption option) {
    return EngineException.invalid(
        "mount option %s of %s is not known"
            .formatted(Identifiers.quote(word), Identifiers.quote(option.destination())));
  }

  private static String destination(MountOption option) {
    String destination =
        ContainerPaths.absolute(
            "--volume, --mount or --tmpfs: the destination", option.destination());
    if (destination.equals("/")
        || destination.equals("/proc")
        || destination.startsWith("/proc/")) {
      throw EngineException.invalid(
          "--volume, --mount or --tmpfs: the destination %s is not allowed: nothing goes over / or below /proc"
              .formatted(Identifiers.quote(option.destination())));
    }
    return destination;
  }

  private static JsonObject bind(MountOption.Bind option) {
    String destination = destination(option);
    if (!option.source().isAbsolute()) {
      throw EngineException.invalid(
          "mount source %s is not allowed: give an absolute path"
              .formatted(Identifiers.quote(option.source().toString())));
    }
    List<String> options = new ArrayList<>();
    boolean propagation = false;
    boolean recursive = true;
    for (String word : option.options()) {
      if (!OPTIONS.contains(word) && !PROPAGATION.contains(word)) {
        throw unknown(word, option);
      }
      propagation |= PROPAGATION.contains(word);
      recursive &= !word.equals("bind");
      if (!word.endsWith("bind") && !word.equals("ro") && !word.equals("rw")) {
        options.add(word);
      }
    }
    options.addFirst(recursive ? "rbind" : "bind");
    options.add(option.readOnly() || option.options().contains("ro") ? "ro" : "rw");
    if (!propagation) {
      options.add("rprivate");
    }
    return JsonObject.create("mount")
        .put("destination", destination)
        .put("type", "bind")
        .put("source", option.source().normalize().toString())
        .put("options", options);
  }

  private static long depth(JsonObject mount) {
    return mount.requiredString("destination").chars().filter(c -> c == '/').count();
  }
}
