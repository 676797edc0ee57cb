package org.felucca.shell.view;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Figures as people say them. */
public final class Words {
  private Words() {}

  /** A span of time, such as {@code 3 minutes}. */
  public static String span(Duration span) {
    long seconds = Math.max(0, span.toSeconds());
    if (seconds < 1) {
      return "less than a second";
    }
    if (seconds < 120) {
      return count(seconds, "second");
    }
    long minutes = seconds / 60;
    if (minutes < 120) {
      return count(minutes, "minute");
    }
    long hours = minutes / 60;
    if (hours < 48) {
      return count(hours, "hour");
    }
    long days = hours / 24;
    if (days < 14) {
      return count(days, "day");
    }
    return days < 60
        ? count(days / 7, "week")
        : days < 730 ? count(days / 30, "month") : count(days / 365, "year");
  }

  /** How long ago something was. */
  public static String ago(Instant then, Instant now) {
    return span(Duration.between(then, now)) + " ago";
  }

  /** Bytes, such as {@code 4.21MB}, in powers of ten as docker has them. */
  public static String bytes(long bytes) {
    if (bytes < 1000) {
      return bytes + "B";
    }
    double value = bytes;
    String units = "kMGTPE";
    int unit = -1;
    while (value >= 999.5) {
      value /= 1000;
      unit++;
    }
    String digits = value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f";
    return String.format(Locale.ROOT, digits, value) + units.charAt(unit) + "B";
  }

  /** Memory, such as {@code 4.21MiB}, in powers of 1024 as docker has it. */
  public static String memory(long bytes) {
    if (bytes < 1024) {
      return bytes + "B";
    }
    double value = bytes;
    String units = "KMGTPE";
    int unit = -1;
    while (value >= 1023.5) {
      value /= 1024;
      unit++;
    }
    String digits = value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f";
    return String.format(Locale.ROOT, digits, value) + units.charAt(unit) + "iB";
  }

  /** {@code name=value} between commas, sorted by name. */
  public static String pairs(Map<String, String> pairs) {
    return new TreeMap<>(pairs)
        .entrySet().stream()
            .map(pair -> pair.getKey() + "=" + pair.getValue())
            .collect(Collectors.joining(","));
  }

  /** So many of something, such as {@code 1 image} or {@code 3 images}. */
  public static String count(long count, String unit) {
    return count + " " + unit + (count == 1 ? "" : "s");
  }
}
