#include <memory>
#include <string>

#include "config/address.h"
#include "config/section.h"
#include "config/service_keys.h"
#include "config/texts.h"

namespace warmgate::config {
namespace {

// An address alone, or a map when more is to be said.
class BackendCodec : public Codec<Backend> {
 public:
  BackendCodec() {
    full_.key("url", &Backend::url, backend_url(), "The address.", Presence::required)
        .key("host_header", &Backend::host_header, authority(),
             "Value of the Host field, instead of that of the address.");
  }

  void read(const Node& node, Backend& value, const Context& context) const override {
    Backend written;
    if (node.kind == Node::Kind::map) {
      const size_t errors_before = context.report.errors().size();
      full_.read(node, written, context);
      if (context.report.errors().size() != errors_before) return;
    } else if (const std::string* text = scalar_text(node, type(), context)) {
      written.url = *text;
    } else {
      return;
    }
    Result<Backend> parsed = parse_backend_url(written.url);
    if (!parsed) {
      context.error(node.mark, parsed.error().message);
      return;
    }
    value = *parsed;
    if (!written.host_header.empty()) value.host_header = written.host_header;
  }

  Node write(const Backend& value) const override {
    Result<Backend> plain = parse_backend_url(value.url);
    const bool overridden = plain && plain->host_header != value.host_header;
    return overridden ? full_.write(value) : Node::quoted(value.url);
  }

  Node schema() const override {
    return Node::map().add("anyOf", Node::list({backend_url()->schema(), full_.schema()}));
  }

  std::string type() const override {
    return "an address `http://HOST:PORT` or `https://HOST`, or a map `{url, host_header}` with "
           "another Host field";
  }

 private:
  Section<Backend> full_;
};

}  // namespace

CodecPtr<Backend> backend_codec() {
  return std::make_shared<BackendCodec>();
}

}  // namespace warmgate::config
