/**
 * ttrpc, the small relative of gRPC that shims speak: a connection over a unix socket carries
 * frames of ten bytes of header and a protobuf message. The client numbers its calls oddly and
 * upwards; answers come in any order. The protocol's document is PROTOCOL.md of containerd/ttrpc.
 */
@NullMarked
package org.felucca.shim.ttrpc;

import org.jspecify.annotations.NullMarked;
