package org.felucca.shell.verb;

import java.util.Locale;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.task.TaskUsage;
import org.felucca.shell.view.Words;
import org.jspecify.annotations.Nullable;

/**
 * What a container uses, as {@code stats} shows it; the components are the members of the JSON
 * document, null for a container that does not run.
 *
 * @param cpuPercent of one processor, since the sample before; null without one
 * @param memoryPercent of the limit
 * @param processLimit null for no limit
 */
record StatsRow(
    String id,
    String name,
    @Nullable Double cpuPercent,
    @Nullable Long cpuNanos,
    @Nullable Long memory,
    @Nullable Long memoryLimit,
    @Nullable Double memoryPercent,
    @Nullable Long receivedBytes,
    @Nullable Long sentBytes,
    @Nullable Long readBytes,
    @Nullable Long writtenBytes,
    @Nullable Long processes,
    @Nullable Long processLimit) {
  private static final String NOTHING = "--";

  /** A container that does not run. */
  static StatsRow idle(ContainerRecord container) {
    return new StatsRow(
        container.id().value(),
        container.name(),
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null);
  }

  /**
   * A sample.
   *
   * @param before the sample before, or null
   */
  static StatsRow of(ContainerRecord container, @Nullable TaskUsage before, TaskUsage now) {
    return new StatsRow(
        container.id().value(),
        container.name(),
        before == null ? null : (Double) cpu(before, now),
        now.cpuNanos(),
        now.memory(),
        now.memoryLimit(),
        hundredth(100.0 * now.memory() / now.memoryLimit()),
        now.receivedBytes(),
        now.sentBytes(),
        now.readBytes(),
        now.writtenBytes(),
        now.processes(),
        now.processLimit() == Long.MAX_VALUE ? null : (Long) now.processLimit());
  }

  /** A container that was started anew in between has used less than before. */
  private static double cpu(TaskUsage before, TaskUsage now) {
    double passed = java.time.Duration.between(before.at(), now.at()).toNanos();
    long used = now.cpuNanos() - before.cpuNanos();
    return passed <= 0 || used < 0 ? 0 : hundredth(100.0 * used / passed);
  }

  private static double hundredth(double value) {
    return Math.round(value * 100) / 100.0;
  }

  String cpuText() {
    return percent(cpuPercent);
  }

  String memoryText() {
    return memory == null || memoryLimit == null
        ? NOTHING + " / " + NOTHING
        : Words.memory(memory) + " / " + Words.memory(memoryLimit);
  }

  String memoryPercentText() {
    return percent(memoryPercent);
  }

  String networkText() {
    return pair(receivedBytes, sentBytes);
  }

  String blockText() {
    return pair(readBytes, writtenBytes);
  }

  String processesText() {
    return processes == null ? NOTHING : processes.toString();
  }

  private static String percent(@Nullable Double value) {
    return value == null ? NOTHING : String.format(Locale.ROOT, "%.2f%%", value);
  }

  private static String pair(@Nullable Long first, @Nullable Long second) {
    return first == null || second == null
        ? NOTHING + " / " + NOTHING
        : Words.bytes(first) + " / " + Words.bytes(second);
  }
}
