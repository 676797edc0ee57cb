package org.felucca.shell.verb;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.felucca.api.Scope;
import org.felucca.api.snapshot.Mount;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a snapshot over a committed one. */
final class SnapshotPrepare extends Verb {
  @Option(
      names = "--snapshotter",
      paramLabel = "NAME",
      description = "which snapshotter shall keep it (else the configuration's)")
  @Nullable String snapshotter;

  @Option(names = "--view", description = "one that may only be read")
  boolean view;

  @Option(
      names = {"-l", "--label"},
      paramLabel = "NAME[=VALUE]",
      description =
          "a label for its record (else containerd.io/gc.root, which keeps it from being collected)")
  List<String> labels = new ArrayList<>();

  private static final String GC = "containerd.io/gc.";

  @Mixin LeaseOption lease = new LeaseOption();

  @Parameters(index = "0", paramLabel = "KEY", description = "what to call it")
  String key = "";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "PARENT",
      description = "the committed snapshot below it (else it is empty)")
  @Nullable String parent;

  @Override
  protected void run() {
    Scope scope = lease.of(scope());
    String name =
        snapshotter == null
            ? services().info().use(info -> info.info(scope)).defaultSnapshotter()
            : snapshotter;
    Map<String, String> all = pairs("--label", labels);
    if (lease.lease == null && all.keySet().stream().noneMatch(label -> label.startsWith(GC))) {
      all.put(GC + "root", Instant.now().toString());
    }
    List<Mount> mounts =
        services()
            .snapshots()
            .use(
                snapshots ->
                    view
                        ? snapshots.view(scope, name, key, parent, all)
                        : snapshots.prepare(scope, name, key, parent, all));
    for (Mount mount : mounts) {
      say(
          "mount -t %s %s TARGET%s%s"
              .formatted(
                  mount.type(),
                  mount.source(),
                  mount.target().isEmpty() ? "" : "/" + mount.target(),
                  mount.options().isEmpty() ? "" : " -o " + String.join(",", mount.options())));
    }
  }

  @Override
  protected Names names(int argument) {
    return argument == 1 ? Names.SNAPSHOTS : Names.NONE;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca snapshot prepare mine   # says how to mount it",
        "felucca snapshot prepare --view look sha256:2f5d...");
  }
}
