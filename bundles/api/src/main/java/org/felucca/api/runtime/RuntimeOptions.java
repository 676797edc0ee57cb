package org.felucca.api.runtime;

/**
 * How a runc-like shim drives its binary; what containerd calls {@code containerd.runc.v1.Options}.
 *
 * @param binaryName the path of the OCI binary
 * @param root where the binary keeps its state; empty for the shim's default
 * @param systemdCgroup whether cgroups are made by systemd
 * @param noPivotRoot whether pivot_root is avoided (root file system on a ramdisk)
 * @param noNewKeyring whether the container shares the session keyring
 */
public record RuntimeOptions(
    String binaryName,
    String root,
    boolean systemdCgroup,
    boolean noPivotRoot,
    boolean noNewKeyring) {}
