package org.felucca.shell.verb;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.container.ContainerView;
import org.felucca.api.image.ImageReference;
import org.felucca.api.task.Exit;
import org.felucca.api.task.TaskState;
import org.felucca.shell.view.Words;
import org.jspecify.annotations.Nullable;

/** A container as lists show it; the components are the members of the JSON document. */
record ContainerRow(
    String id,
    String name,
    String image,
    List<String> command,
    String status,
    @Nullable Integer exitStatus,
    @Nullable Instant exitedAt,
    @Nullable Instant startedAt,
    Instant createdAt,
    int pid,
    String runtime,
    Map<String, String> labels,
    String restartPolicy,
    int restarts,
    boolean outOfMemory,
    @Nullable String health,
    @Nullable Long size) {

  static ContainerRow of(ContainerView view) {
    TaskState task = view.task();
    Exit exit = task == null ? null : task.exit();
    return new ContainerRow(
        view.container().id().value(),
        view.container().name(),
        view.container().image(),
        view.command(),
        view.restarting() ? "restarting" : status(task),
        exit == null ? null : (Integer) exit.status(),
        exit == null ? null : exit.at(),
        view.startedAt(),
        view.container().createdAt(),
        task == null ? 0 : task.pid(),
        view.container().runtime(),
        view.container().labels(),
        view.restart().toString(),
        view.restarts(),
        view.outOfMemory(),
        view.health() == null ? null : view.health().status().name().toLowerCase(Locale.ROOT),
        null);
  }

  /** With the bytes that its own files take. */
  ContainerRow withSize(@Nullable Long bytes) {
    return new ContainerRow(
        id,
        name,
        image,
        command,
        status,
        exitStatus,
        exitedAt,
        startedAt,
        createdAt,
        pid,
        runtime,
        labels,
        restartPolicy,
        restarts,
        outOfMemory,
        health,
        bytes);
  }

  boolean isActive() {
    return switch (status) {
      case "running", "paused", "pausing", "restarting" -> true;
      default -> false;
    };
  }

  private static String status(@Nullable TaskState task) {
    return task == null ? "created" : task.status().name().toLowerCase(Locale.ROOT);
  }

  String statusText(Instant now) {
    if (status.equals("created")) {
      return "Created";
    }
    if (status.equals("stopped") || status.equals("restarting")) {
      String word = status.equals("stopped") ? "Exited" : "Restarting";
      return exitStatus == null || exitedAt == null
          ? word
          : "%s (%d) %s".formatted(word, exitStatus, Words.ago(exitedAt, now));
    }
    String since =
        startedAt == null ? "" : " " + Words.span(java.time.Duration.between(startedAt, now));
    return switch (status) {
      case "running" -> "Up" + since + healthText();
      case "paused", "pausing" -> "Up" + since + " (" + status + ")";
      default -> status;
    };
  }

  private String healthText() {
    if (health == null) {
      return "";
    }
    return health.equals("starting") ? " (health: starting)" : " (" + health + ")";
  }

  String imageText() {
    return familiar(image);
  }

  /** An image's name as people type it: {@code busybox}. */
  static String familiar(String name) {
    try {
      ImageReference reference = ImageReference.parse(name);
      String familiar = reference.familiar();
      return reference.digest() == null && "latest".equals(reference.tag())
          ? familiar.substring(0, familiar.length() - ":latest".length())
          : familiar;
    } catch (EngineException foreign) {
      return name;
    }
  }
}
