// The curl command of a response shows a variable instead of the token: people copy
// it into tickets and take pictures of it.
function hideToken(Curl, system) {
  return function HiddenTokenCurl(props) {
    const hidden = props.request.update("headers", (headers) => headers && headers.map((value, name) =>
      name.toLowerCase() === "authorization" ? "Bearer $TOKEN" : value));
    return system.React.createElement(Curl, { ...props, request: hidden });
  };
}

// No validator: it is another host, and would be told the address of this API.
// The token is kept by the page alone and forgotten with it.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#api",
  validatorUrl: null,
  persistAuthorization: false,
  tryItOutEnabled: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  deepLinking: false,
  plugins: [() => ({ wrapComponents: { curl: hideToken } })],
});
