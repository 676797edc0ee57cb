package org.felucca.api.spec;

import java.nio.file.Path;
import java.util.List;
import org.felucca.api.Namespace;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.CreateOptions;
import org.felucca.api.container.MountOption;

/**
 * What a spec is made of.
 *
 * @param namespace the namespace of the container
 * @param id its id
 * @param options what its user wants
 * @param imageConfig the image's config as JSON
 * @param rootfs where its root file system can be looked at, for users and groups; opened only
 *     below a descriptor
 * @param ociVersion the newest version of the runtime spec that the runtime takes
 * @param host this machine
 * @param extraMounts files of the engine that go over the root file system, such as /etc/hosts
 */
public record SpecRequest(
    Namespace namespace,
    ContainerId id,
    CreateOptions options,
    byte[] imageConfig,
    Path rootfs,
    String ociVersion,
    SpecHost host,
    List<MountOption.Bind> extraMounts) {
  /** Copies the mounts. */
  public SpecRequest {
    extraMounts = List.copyOf(extraMounts);
  }

  /** With the folder in which its root file system can be looked at. */
  public SpecRequest withRootfs(Path other) {
    return new SpecRequest(
        namespace, id, options, imageConfig, other, ociVersion, host, extraMounts);
  }
}
