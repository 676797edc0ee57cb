package org.felucca.api;

import java.util.Arrays;

/**
 * A message that Felucca carries but does not read: protobuf's Any. Nobody may change the array.
 *
 * @param typeUrl the bare full name of its type, such as {@code containerd.runc.v1.Options}
 * @param value its bytes
 */
public record TypedBytes(String typeUrl, byte[] value) {
  /** The type of an OCI runtime spec as JSON. */
  public static final String OCI_SPEC = "types.containerd.io/opencontainers/runtime-spec/1/Spec";

  /** The type of an OCI process as JSON. */
  public static final String OCI_PROCESS =
      "types.containerd.io/opencontainers/runtime-spec/1/Process";

  /** The type of OCI Linux resources as JSON. */
  public static final String OCI_LINUX_RESOURCES =
      "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources";

  @Override
  public boolean equals(Object other) {
    return other instanceof TypedBytes o
        && typeUrl.equals(o.typeUrl)
        && Arrays.equals(value, o.value);
  }

  @Override
  public int hashCode() {
    return 31 * typeUrl.hashCode() + Arrays.hashCode(value);
  }

  @Override
  public String toString() {
    return typeUrl + "[" + value.length + " bytes]";
  }
}
