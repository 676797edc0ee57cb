package org.felucca.shell.verb;

import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.felucca.api.Scope;
import org.felucca.api.info.EngineInfo;
import org.felucca.api.snapshot.SnapshotterInfo;
import org.felucca.shell.view.Document;
import org.felucca.shell.view.Words;
import picocli.CommandLine.Option;

/** Shows the engine at a glance. */
final class Info extends Inspection {
  @Option(
      names = {"-q", "--quiet"},
      description = "only the address")
  boolean quiet;

  @Override
  protected void run() {
    Scope scope = scope();
    format();
    EngineInfo info = services().info().use(service -> service.info(scope));
    if (quiet) {
      say(info.address().toString());
      return;
    }
    show(new Document(info), () -> text(scope, info, Instant.now()));
  }

  private static String text(Scope scope, EngineInfo info, Instant now) {
    StringBuilder text = new StringBuilder();
    line(text, "Version", info.version());
    line(text, "Process", "%d, since %s".formatted(info.pid(), Words.ago(info.startedAt(), now)));
    line(text, "Address", info.address());
    line(text, "Root", info.root());
    line(text, "State", info.state());
    line(
        text,
        "Kernel",
        info.kernel() + " on " + info.architecture() + ", cgroups " + info.cgroups());
    line(text, "Runtime", info.defaultRuntime() + " (" + info.defaultRuntimeReason() + ")");
    line(
        text,
        "Snapshotter",
        info.defaultSnapshotter()
            + " of "
            + info.snapshotters().stream()
                .filter(SnapshotterInfo::usable)
                .map(SnapshotterInfo::name)
                .collect(Collectors.joining(", ")));
    info.snapshotters().stream()
        .filter(snapshotter -> !snapshotter.usable())
        .forEach(
            snapshotter ->
                line(text, "", "not " + snapshotter.name() + ": " + snapshotter.refusal()));
    line(text, "Namespace", scope.namespace());
    line(text, "Containers", "%d, %d running".formatted(info.containers(), info.running()));
    line(text, "Images", info.images());
    info.warnings().forEach(warning -> line(text, "Warning", warning));
    return text.toString();
  }

  private static void line(StringBuilder text, String name, Object value) {
    text.append("%-12s %s\n".formatted(name.isEmpty() ? "" : name + ":", value));
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca info", "felucca info -f '{{.default_runtime}}'");
  }
}
