package org.felucca.shell.verb;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.MountOption;
import org.felucca.api.container.StorageOptions;
import org.felucca.shell.session.Call;
import picocli.CommandLine.Option;

/** What a container sees beside its root file system. */
final class StorageArguments {
  @Option(
      names = {"-v", "--volume"},
      paramLabel = "HERE:THERE[:ro]",
      description = "show a file or folder of this machine to it")
  List<String> volumes = new ArrayList<>();

  StorageOptions options(Call call) {
    List<MountOption> mounts = new ArrayList<>();
    for (String volume : volumes) {
      mounts.add(mount(call, volume));
    }
    return new StorageOptions(mounts, List.of(), null);
  }

  /** Reads {@code HERE:THERE[:OPTION,...]}. */
  static MountOption mount(Call call, String text) {
    String[] parts = text.split(":", -1);
    if (parts.length < 2 || parts.length > 3 || parts[0].isEmpty() || !parts[1].startsWith("/")) {
      throw EngineException.invalid(
          "--volume %s is not understood: write it as /here:/there or /here:/there:ro"
              .formatted(text));
    }
    if (!parts[0].startsWith("/") && !parts[0].startsWith(".") && parts[0].indexOf('/') < 0) {
      throw EngineException.invalid(
          "--volume %s: there are no named volumes; give a path, such as ./%s"
              .formatted(text, parts[0]));
    }
    boolean readOnly = false;
    List<String> more = new ArrayList<>();
    for (String option : parts.length == 3 ? parts[2].split(",", -1) : new String[0]) {
      switch (option) {
        case "ro" -> readOnly = true;
        case "rw" -> readOnly = false;
        case "private",
            "rprivate",
            "shared",
            "rshared",
            "slave",
            "rslave",
            "nosuid",
            "nodev",
            "noexec" ->
            more.add(option);
        default ->
            throw EngineException.invalid(
                "--volume %s: the option %s is unknown; there are ro, rw, nosuid, nodev, noexec and [r]private, [r]shared, [r]slave"
                    .formatted(text, Identifiers.quote(option)));
      }
    }
    Path here = call.path(parts[0]);
    return new MountOption.Bind(here, parts[1], readOnly, more);
  }
}
