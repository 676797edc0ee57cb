package org.felucca.grpc;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** The keys of {@code etc/org.felucca.grpc.cfg}. */
@ObjectClassDefinition(name = "gRPC")
@interface Settings {
  String PID = "org.felucca.grpc";

  @AttributeDefinition(
      description = "the group that may use the unix socket, by name or number; empty: root's")
  String socket_group() default "";

  @AttributeDefinition(
      description = "ADDRESS:PORT to listen on with TLS and client certificates; empty: nowhere")
  String listen() default "";

  @AttributeDefinition(description = "the server's certificate, below etc/ or absolute")
  String tls_certificate() default "tls/server.pem";

  @AttributeDefinition(description = "its private key")
  String tls_key() default "tls/server.key";

  @AttributeDefinition(description = "the authorities that sign clients' certificates")
  String tls_authority() default "tls/ca.pem";

  @AttributeDefinition(description = "how long a call waits for a service that is being replaced")
  long replacement_wait_milliseconds() default 10_000;

  @AttributeDefinition(description = "whether clients may ask which services and messages exist")
  boolean reflection() default true;
}
