package org.felucca.api.container;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a container shall be. A null says: as the image or the configuration has it.
 *
 * @param image the image, as people write its name
 * @param name the name that people will call it by, or null to make one up
 * @param command the arguments; empty for the image's
 * @param entrypoint what goes before them, or null for the image's; empty for none
 * @param env variables {@code NAME=value}, over those of the image
 * @param user {@code user[:group]}, by name or number, or null
 * @param cwd the working folder, or null
 * @param hostname the host name, or null for the short id
 * @param mounts bind mounts
 * @param labels further labels
 * @param terminal whether its process gets a terminal
 * @param stdin whether its standard input stays open
 * @param keepLog whether its output is kept in a log
 * @param autoRemove whether it goes when it has ended
 * @param runtime the name of a runtime or alias, or null
 * @param snapshotter the name of a snapshotter, or null
 * @param readOnlyRoot whether its root file system may only be read
 * @param noNewPrivileges whether set-user-id programs gain nothing
 */
public record CreateOptions(
    String image,
    @Nullable String name,
    List<String> command,
    @Nullable List<String> entrypoint,
    List<String> env,
    @Nullable String user,
    @Nullable String cwd,
    @Nullable String hostname,
    List<MountOption> mounts,
    Map<String, String> labels,
    boolean terminal,
    boolean stdin,
    boolean keepLog,
    boolean autoRemove,
    @Nullable String runtime,
    @Nullable String snapshotter,
    boolean readOnlyRoot,
    boolean noNewPrivileges) {

  /** Copies the collections. */
  public CreateOptions {
    command = List.copyOf(command);
    entrypoint = entrypoint == null ? null : List.copyOf(entrypoint);
    env = List.copyOf(env);
    mounts = List.copyOf(mounts);
    labels = Map.copyOf(labels);
  }

  /** The safe defaults for an image. */
  public static CreateOptions of(String image, List<String> command) {
    return new CreateOptions(
        image, null, command, null, List.of(), null, null, null, List.of(), Map.of(), false, false,
        true, false, null, null, false, true);
  }
}
