package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.felucca.api.container.Health;
import org.felucca.oci.Json;
import org.felucca.shell.view.Document;
import org.jspecify.annotations.Nullable;

/**
 * The words by which people ask {@code docker inspect --format} for something, such as {@code
 * {{.State.Pid}}}, over the documents of this shell.
 */
final class DockerWords {
  private DockerWords() {}

  /** For {@link Inspect#document}. */
  static Document container(Map<String, @Nullable Object> inspected, ContainerRow row) {
    return new Document(inspected)
        .word("Id", row::id)
        .word("Name", row::name)
        .word("Created", row::createdAt)
        .word("Image", row::image)
        .word("Path", () -> row.command().isEmpty() ? "" : row.command().getFirst())
        .word("Args", () -> row.command().stream().skip(1).toList())
        .word("RestartCount", row::restarts)
        .word("State", () -> state(row, inspected.get("health")))
        .word("Config", () -> config(row, members(inspected.get("spec"))))
        .word("Mounts", () -> mounts(members(inspected.get("spec"))));
  }

  private static Map<String, @Nullable Object> state(ContainerRow row, @Nullable Object health) {
    boolean stopped = row.status().equals("stopped");
    Map<String, @Nullable Object> state = new LinkedHashMap<>();
    state.put("Status", stopped ? "exited" : row.status());
    // docker counts a paused container as running.
    state.put("Running", row.isActive());
    state.put("Paused", row.status().equals("paused"));
    state.put("Restarting", row.status().equals("restarting"));
    state.put("OOMKilled", row.outOfMemory());
    state.put("Pid", stopped ? 0 : row.pid());
    state.put("ExitCode", row.exitStatus() == null ? 0 : row.exitStatus());
    state.put("StartedAt", row.startedAt());
    state.put("FinishedAt", row.exitedAt());
    state.put("Health", health instanceof Health checked ? health(checked) : null);
    return state;
  }

  private static Map<String, @Nullable Object> health(Health health) {
    List<Object> log = new ArrayList<>();
    for (Health.Result result : health.results()) {
      Map<String, @Nullable Object> shown = new LinkedHashMap<>();
      shown.put("Start", result.start());
      shown.put("End", result.end());
      shown.put("ExitCode", result.exitCode());
      shown.put("Output", result.output());
      log.add(shown);
    }
    Map<String, @Nullable Object> shown = new LinkedHashMap<>();
    shown.put("Status", health.status().name().toLowerCase(Locale.ROOT));
    shown.put("FailingStreak", health.failingStreak());
    shown.put("Log", log);
    return shown;
  }

  private static Map<String, @Nullable Object> config(
      ContainerRow row, Map<?, ? extends @Nullable Object> spec) {
    Map<?, ? extends @Nullable Object> process = members(spec.get("process"));
    Map<String, @Nullable Object> config = new LinkedHashMap<>();
    config.put("Hostname", spec.get("hostname"));
    config.put("Image", row.imageText());
    config.put("Cmd", process.get("args"));
    config.put("Env", process.get("env"));
    config.put("Labels", row.labels());
    config.put("Tty", Boolean.TRUE.equals(process.get("terminal")));
    Map<?, ? extends @Nullable Object> user = members(process.get("user"));
    config.put("User", user.isEmpty() ? "" : user.get("uid") + ":" + user.get("gid"));
    config.put("WorkingDir", process.get("cwd"));
    return config;
  }

  private static List<Object> mounts(Map<?, ? extends @Nullable Object> spec) {
    List<Object> mounts = new ArrayList<>();
    if (spec.get("mounts") instanceof List<?> list) {
      for (Object item : list) {
        Map<?, ? extends @Nullable Object> mount = members(item);
        if ("bind".equals(mount.get("type"))) {
          Map<String, @Nullable Object> shown = new LinkedHashMap<>();
          shown.put("Type", "bind");
          shown.put("Source", mount.get("source"));
          shown.put("Destination", mount.get("destination"));
          shown.put(
              "RW", !(mount.get("options") instanceof List<?> options && options.contains("ro")));
          mounts.add(shown);
        }
      }
    }
    return mounts;
  }

  /** For {@link ImageInspect#document}. */
  static Document image(Map<String, @Nullable Object> inspected, ImageRow row) {
    Map<?, ? extends @Nullable Object> config = members(inspected.get("config"));
    return new Document(inspected)
        .word("Id", row::digest)
        .word(
            "RepoTags",
            () -> row.tag().isEmpty() ? List.of() : List.of(row.repository() + ":" + row.tag()))
        .word("RepoDigests", () -> List.of(row.repository() + "@" + row.digest()))
        .word("Created", () -> config.get("created"))
        .word("Author", () -> config.get("author"))
        .word("Architecture", () -> config.get("architecture"))
        .word("Os", () -> config.get("os"))
        .word("Size", row::size)
        .word("Config", () -> members(config.get("config")))
        .word("RootFS", () -> rootfs(inspected.get("diff_ids")));
  }

  private static Map<String, @Nullable Object> rootfs(@Nullable Object diffIds) {
    Map<String, @Nullable Object> rootfs = new LinkedHashMap<>();
    rootfs.put("Type", "layers");
    rootfs.put("Layers", diffIds);
    return rootfs;
  }

  private static Map<?, ? extends @Nullable Object> members(@Nullable Object value) {
    return Json.allMembers(value, Json.Names.SNAKE) instanceof Map<?, ?> map ? map : Map.of();
  }
}
