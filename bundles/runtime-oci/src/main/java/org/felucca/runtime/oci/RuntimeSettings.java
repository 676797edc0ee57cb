package org.felucca.runtime.oci;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a configuration says of a runtime.
 *
 * @param name the name under which users choose it
 * @param description a few words for people
 * @param binary the OCI binary: a path, or a bare name that is looked up
 * @param shim the shim v2 binary, likewise
 * @param root where the binary keeps its state, absolute
 * @param systemdCgroup whether cgroups are made by systemd
 * @param noPivotRoot whether pivot_root is avoided
 * @param noNewKeyring whether containers share the session keyring
 * @param refuseVulnerable whether a version with known holes is refused instead of warned of
 * @param home where Felucca is installed, whose own shim is trusted as Felucca is; null if not
 *     known
 * @param folders where bare names are looked up, in order
 */
record RuntimeSettings(
    String name,
    String description,
    String binary,
    String shim,
    Path root,
    boolean systemdCgroup,
    boolean noPivotRoot,
    boolean noNewKeyring,
    boolean refuseVulnerable,
    @Nullable String home,
    List<Path> folders) {
  RuntimeSettings {
    folders = List.copyOf(folders);
  }
}
