package org.felucca.api.spec;

import java.nio.file.Path;
import org.felucca.api.EngineException;
import org.felucca.api.container.CreateOptions;
import org.felucca.api.container.ExecOptions;
import org.felucca.api.container.Resources;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/** Makes OCI runtime specs; keeps nothing. */
@ProviderType
public interface SpecService {
  /**
   * Where a container that wants an init sees it: the caller mounts it there by {@link
   * SpecRequest#extraMounts}.
   */
  String INIT = "/dev/init";

  /**
   * Checks all of the options that can be checked without a root file system.
   *
   * @throws EngineException INVALID_ARGUMENT for an option that makes no sense, and which
   */
  void check(CreateOptions options, SpecHost host);

  /**
   * The spec of a container.
   *
   * @return config.json
   * @throws EngineException INVALID_ARGUMENT for an option or an image config that makes no sense,
   *     and which
   */
  byte[] generate(SpecRequest request);

  /**
   * The process of an exec.
   *
   * @param spec the container's config.json
   * @param rootfs where its root file system can be looked at
   * @return an OCI process as JSON
   */
  byte[] process(byte[] spec, ExecOptions options, Path rootfs);

  /**
   * Limits as the runtime specification writes them.
   *
   * @return an OCI LinuxResources as JSON, for {@code TaskService.update}
   */
  byte[] resources(Resources resources);

  /** A spec with limits; those that are not said stay as they are. */
  byte[] withResources(byte[] spec, Resources resources);

  /**
   * A spec that any OCI runtime takes without an engine beside it: the runtime chooses the cgroup.
   *
   * @param spec of {@link #generate}
   * @param owner who runs it without being root, or null
   * @return the document for people, indented
   */
  byte[] standalone(byte[] spec, @Nullable Owner owner);

  /**
   * A user of this machine who becomes root in a user namespace.
   *
   * @param uid the user's number
   * @param gid the group's number
   */
  record Owner(long uid, long gid) {}

  /**
   * The spec with {@code ociVersion} lowered where the runtime takes no newer one; every other byte
   * of meaning stays.
   *
   * @param ociVersion the newest version that the runtime takes
   */
  byte[] fitVersion(byte[] spec, String ociVersion);
}
