.rept end - begin
.endr
begin: li a0, end
end:
