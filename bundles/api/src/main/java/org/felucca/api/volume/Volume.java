package org.felucca.api.volume;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.felucca.api.container.ContainerId;

/**
 * A volume.
 *
 * @param name its name, unique in its namespace; of letters, digits, dots, dashes and underscores
 * @param folder where its content is on this machine
 * @param labels its labels; unmodifiable
 * @param createdAt when it was made
 * @param anonymous whether its name is made up, so that nobody misses it
 * @param users the containers that mount it, running or not; unmodifiable
 */
public record Volume(
    String name,
    Path folder,
    Map<String, String> labels,
    Instant createdAt,
    boolean anonymous,
    List<ContainerId> users) {
  /** Copies the collections. */
  public Volume {
    labels = Map.copyOf(labels);
    users = List.copyOf(users);
  }
}
