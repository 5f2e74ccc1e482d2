.else
