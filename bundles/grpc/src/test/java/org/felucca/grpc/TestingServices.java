package org.felucca.grpc;

import io.grpc.BindableService;
import io.grpc.Context;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;

/** Services of strings. */
final class TestingServices {
  /** A message that is a string. */
  private enum Text implements MethodDescriptor.Marshaller<String> {
    MARSHALLER;

    @Override
    public InputStream stream(String value) {
      return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String parse(InputStream stream) {
      try {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private TestingServices() {}

  static MethodDescriptor<String, String> method(String service, String name, MethodType type) {
    return MethodDescriptor.newBuilder(Text.MARSHALLER, Text.MARSHALLER)
        .setFullMethodName(service + "/" + name)
        .setType(type)
        .build();
  }

  static MethodDescriptor<String, String> say(String service) {
    return method(service, "Say", MethodType.UNARY);
  }

  static MethodDescriptor<String, String> hang(String service) {
    return method(service, "Hang", MethodType.UNARY);
  }

  static MethodDescriptor<String, String> stream(String service) {
    return method(service, "Stream", MethodType.SERVER_STREAMING);
  }

  /**
   * Answers with its own name and the question; hangs until it is interrupted; streams for ever.
   */
  static final class Speaker implements BindableService {
    private final String service;
    private final String name;
    final CountDownLatch hanging = new CountDownLatch(1);
    final CountDownLatch interrupted = new CountDownLatch(1);
    final CountDownLatch goOn = new CountDownLatch(1);

    Speaker(String service, String name) {
      this.service = service;
      this.name = name;
    }

    @Override
    public ServerServiceDefinition bindService() {
      return ServerServiceDefinition.builder(service)
          .addMethod(TestingServices.say(service), ServerCalls.asyncUnaryCall(this::say))
          .addMethod(TestingServices.hang(service), ServerCalls.asyncUnaryCall(this::hang))
          .addMethod(
              TestingServices.stream(service), ServerCalls.asyncServerStreamingCall(this::begin))
          .build();
    }

    private void say(String question, StreamObserver<String> answers) {
      answers.onNext(name + " " + question);
      answers.onCompleted();
    }

    private void hang(String question, StreamObserver<String> answers) {
      Thread handler = Thread.currentThread();
      Context.current().addListener(_ -> handler.interrupt(), Runnable::run);
      hanging.countDown();
      try {
        goOn.await();
        say(question, answers);
      } catch (InterruptedException e) {
        interrupted.countDown();
      }
    }

    private void begin(String question, StreamObserver<String> answers) {
      answers.onNext(name);
      hanging.countDown();
    }
  }
}
