package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.MountOption;
import org.felucca.api.container.StorageOptions;
import org.felucca.shell.session.Call;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a container sees beside its root file system. */
final class StorageArguments {
  @Option(
      names = {"-v", "--volume"},
      paramLabel = "[HERE:]THERE[:OPTIONS]",
      description =
          "show it a folder or file of this machine, or a volume by its name; OPTIONS are ro, rprivate, nocopy and their like")
  List<String> volumes = new ArrayList<>();

  @Option(
      names = "--mount",
      paramLabel = "type=TYPE,...",
      description =
          "type=bind|volume|tmpfs,source=HERE,target=THERE,readonly,bind-propagation=...,tmpfs-size=...,tmpfs-mode=...")
  List<String> mounts = new ArrayList<>();

  @Option(
      names = "--tmpfs",
      paramLabel = "THERE[:OPTIONS]",
      description = "a file system in memory; OPTIONS are size=64m, mode=1777, exec and their like")
  List<String> tmpfs = new ArrayList<>();

  @Option(
      names = "--volumes-from",
      paramLabel = "CONTAINER[:ro]",
      description = "what another container mounts")
  List<String> volumesFrom = new ArrayList<>();

  @Option(names = "--volume-driver", paramLabel = "local", hidden = true)
  String volumeDriver = "local";

  @Option(names = "--shm-size", paramLabel = "BYTES", description = "the size of /dev/shm (64m)")
  @Nullable String shmSize;

  StorageOptions options(Call call) {
    if (!volumeDriver.equals("local")) {
      throw EngineException.invalid(
          "--volume-driver %s: there are volumes on this machine only, whose driver is local"
              .formatted(Identifiers.quote(volumeDriver)));
    }
    List<MountOption> all = new ArrayList<>();
    volumes.forEach(text -> all.add(MountTexts.volume(call, text)));
    mounts.forEach(text -> all.add(MountTexts.mount(call, text)));
    tmpfs.forEach(text -> all.add(MountTexts.tmpfs(text)));
    return new StorageOptions(
        all, volumesFrom, shmSize == null ? null : ByteSize.parse("--shm-size", shmSize));
  }
}
