package org.felucca.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.DeviceOptions;
import org.felucca.api.spec.SpecHost.DeviceNode;
import org.felucca.api.spec.SpecHost.DiskRate;
import org.felucca.linux.Descriptor;
import org.felucca.linux.FileStat;
import org.felucca.linux.FileType;
import org.felucca.linux.LinuxException;
import org.felucca.linux.OpenFlags;
import org.jspecify.annotations.Nullable;

/** Device nodes of this machine. They are looked at, never opened: that would act on drivers. */
final class HostDevices {
  /** Whole file systems of their own, and what each container has its own of. */
  private static final Set<String> NOT_GIVEN =
      Set.of(
          "pts",
          "shm",
          "fd",
          "mqueue",
          "hugepages",
          "console",
          ".lxc",
          ".lxd-mounts",
          ".udev",
          "initctl",
          "log");

  private static final int DEEPEST = 8;

  private HostDevices() {}

  /**
   * The nodes that a container asks for.
   *
   * @throws EngineException INVALID_ARGUMENT for one that is not there, and which
   */
  static List<DeviceNode> find(DeviceOptions options, boolean all) {
    List<DeviceNode> nodes = new ArrayList<>();
    if (all) {
      walk(Path.of("/dev"), "/dev", "rwm", nodes, 0);
    }
    for (DeviceOptions.Device device : options.devices()) {
      if (!device.access().matches("[rwm]{1,3}")
          || device.access().chars().distinct().count() != device.access().length()) {
        throw EngineException.invalid(
            "--device %s: the access %s is not understood; write it of r, w and m, such as rwm"
                .formatted(device.source(), Identifiers.quote(device.access())));
      }
      String seen = device.destination();
      if (!seen.startsWith("/") || List.of(seen.split("/", -1)).contains("..")) {
        throw EngineException.invalid(
            "--device %s: %s is no absolute path in the container"
                .formatted(device.source(), Identifiers.quote(seen)));
      }
      int before = nodes.size();
      if (Files.isDirectory(device.source())) {
        walk(device.source(), seen, device.access(), nodes, 0);
      } else {
        DeviceNode node = node(device.source(), seen, device.access());
        if (node != null) {
          nodes.removeIf(other -> other.path().equals(seen));
          nodes.add(node);
          continue;
        }
      }
      if (nodes.size() == before) {
        throw EngineException.invalid(
            Files.exists(device.source())
                ? "--device %s is no device; use --volume for files and folders"
                    .formatted(device.source())
                : "--device %s does not exist on this machine; ls /dev shows what there is"
                    .formatted(device.source()));
      }
    }
    return nodes;
  }

  /**
   * The limits of disks, by their numbers.
   *
   * @throws EngineException INVALID_ARGUMENT for what is no disk, and which
   */
  static List<DiskRate> rates(List<DeviceOptions.Rate> wanted) {
    List<DiskRate> rates = new ArrayList<>();
    for (DeviceOptions.Rate rate : wanted) {
      String option = rate.counted().option();
      HostLimits.detect().needs(option, "blkio");
      DeviceNode disk = node(rate.disk(), "/", "r");
      if (disk == null || !disk.block()) {
        throw EngineException.invalid(
            "%s %s is no disk of this machine; lsblk shows which there are"
                .formatted(option, rate.disk()));
      }
      String numbers = disk.major() + ":" + disk.minor();
      if (Files.exists(Path.of("/sys/dev/block/" + numbers + "/partition"))) {
        throw EngineException.invalid(
            "%s %s is a part of a disk, and only whole ones have limits; name the disk"
                .formatted(option, rate.disk()));
      }
      if (rate.most() <= 0) {
        throw EngineException.invalid(
            "%s %s:%d must be more than 0".formatted(option, rate.disk(), rate.most()));
      }
      rates.add(new DiskRate(rate.counted(), disk.major(), disk.minor(), rate.most()));
    }
    return rates;
  }

  private static void walk(
      Path folder, String seen, String access, List<DeviceNode> nodes, int depth) {
    try (Stream<Path> entries = Files.list(folder)) {
      for (Path entry : entries.sorted().toList()) {
        String name = entry.getFileName().toString();
        if (NOT_GIVEN.contains(name) || Files.isSymbolicLink(entry)) {
          continue;
        }
        if (Files.isDirectory(entry)) {
          if (depth < DEEPEST) {
            walk(entry, seen + "/" + name, access, nodes, depth + 1);
          }
          continue;
        }
        DeviceNode node = node(entry, seen + "/" + name, access);
        if (node != null) {
          nodes.add(node);
        }
      }
    } catch (NotDirectoryException e) {
      throw EngineException.invalid("--device " + folder + " is no folder any more");
    } catch (IOException e) {
      throw EngineException.internal("list the devices in " + folder + ": " + e.getMessage(), e);
    }
  }

  /** A node, or null if it is none or gone. */
  private static @Nullable DeviceNode node(Path source, String seen, String access) {
    try (Descriptor named = Descriptor.open(source.toString(), OpenFlags.O_PATH, 0)) {
      FileStat stat = named.stat();
      if (stat.type() != FileType.CHARACTER_DEVICE && stat.type() != FileType.BLOCK_DEVICE) {
        return null;
      }
      return new DeviceNode(
          seen,
          stat.type() == FileType.BLOCK_DEVICE,
          stat.node().major(),
          stat.node().minor(),
          stat.permissions(),
          stat.uid(),
          stat.gid(),
          access);
    } catch (LinuxException e) {
      return null;
    }
  }
}
