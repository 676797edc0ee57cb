package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerView;
import org.felucca.api.snapshot.SnapshotInfo;
import org.felucca.api.snapshot.SnapshotKind;
import org.felucca.shell.view.Table;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows which snapshots stand on which. */
final class SnapshotTree extends Verb {
  @Mixin SnapshotOption meant = new SnapshotOption();

  @Option(names = "--no-trunc", description = "do not shorten keys")
  boolean whole;

  @Override
  protected void run() {
    Scope scope = scope();
    Map<String, String> names = names(scope);
    Map<String, Map<String, SnapshotInfo>> all = new TreeMap<>();
    for (SnapshotInfo info : meant.all(services(), scope)) {
      all.computeIfAbsent(info.snapshotter(), name -> new TreeMap<>()).put(info.key(), info);
    }
    all.forEach(
        (snapshotter, snapshots) -> {
          say(snapshotter);
          Map<@Nullable String, List<SnapshotInfo>> children = new HashMap<>();
          List<SnapshotInfo> byAge =
              snapshots.values().stream()
                  .sorted(Comparator.comparing(SnapshotInfo::createdAt))
                  .toList();
          for (SnapshotInfo info : byAge) {
            children.computeIfAbsent(info.parent(), parent -> new ArrayList<>()).add(info);
          }
          show(children, null, "", names, new HashSet<>());
        });
  }

  /** What stands on the topmost layers, or what container has them. */
  private Map<String, String> names(Scope scope) {
    Map<String, String> names = new HashMap<>();
    List<ContainerView> containers =
        services().containers().use(service -> service.list(scope, List.of()));
    for (ContainerView view : containers) {
      names.put(view.container().snapshotKey(), "container " + view.container().name());
    }
    return names;
  }

  private void show(
      Map<@Nullable String, List<SnapshotInfo>> children,
      @Nullable String parent,
      String indent,
      Map<String, String> names,
      Set<String> seen) {
    List<SnapshotInfo> below = children.getOrDefault(parent, List.of());
    for (int i = 0; i < below.size(); i++) {
      SnapshotInfo info = below.get(i);
      if (!seen.add(info.key())) {
        continue;
      }
      boolean last = i == below.size() - 1;
      StringBuilder line = new StringBuilder(indent).append(last ? "└─ " : "├─ ");
      line.append(whole ? info.key() : ShortNames.of(info.key()));
      if (info.kind() != SnapshotKind.COMMITTED) {
        line.append(" (").append(info.kind().name().toLowerCase(Locale.ROOT)).append(')');
      }
      String name = names.get(info.key());
      if (name != null) {
        line.append("  ").append(name);
      }
      say(Table.printable(line.toString()));
      show(children, info.key(), indent + (last ? "   " : "│  "), names, seen);
    }
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca snapshot tree", "felucca snapshot tree --snapshotter overlayfs");
  }
}
