package org.felucca.grpc;

import io.grpc.MethodDescriptor;
import java.io.InputStream;

/** Messages that are left as they are, for the service to read. */
final class Bytes implements MethodDescriptor.Marshaller<InputStream> {
  static final Bytes MARSHALLER = new Bytes();

  private Bytes() {}

  @Override
  public InputStream stream(InputStream message) {
    return message;
  }

  @Override
  public InputStream parse(InputStream message) {
    return message;
  }
}
