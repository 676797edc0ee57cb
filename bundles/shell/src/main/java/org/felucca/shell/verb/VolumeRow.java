package org.felucca.shell.verb;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.felucca.api.volume.Volume;

/** A volume in lists and documents. */
record VolumeRow(
    String name,
    String driver,
    String mountpoint,
    Map<String, String> labels,
    Instant createdAt,
    boolean anonymous,
    List<String> containers) {
  static VolumeRow of(Volume volume) {
    return new VolumeRow(
        volume.name(),
        "local",
        volume.folder().toString(),
        volume.labels(),
        volume.createdAt(),
        volume.anonymous(),
        volume.users().stream().map(Object::toString).toList());
  }
}
